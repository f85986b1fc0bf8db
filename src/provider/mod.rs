//! Chat models of providers over the network, through genai.

mod convert;
mod failure;
mod model;
mod name;

pub use model::{Access, AnswerOptions, ProviderModel};
pub use name::Provider;
