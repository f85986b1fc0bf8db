//! Tools of agents.

pub mod calculator;
pub mod current_date_time;
