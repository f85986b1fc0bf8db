//! Chat models of providers over the network, through genai.

mod answer;
mod convert;
mod failure;
mod model;
mod name;
mod pairs;
mod refusal;

pub use model::{Access, AnswerOptions, ProviderModel};
pub use name::Provider;
