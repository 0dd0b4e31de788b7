//! The collectors: the only I/O. They fill the evidence bundle and judge nothing.

pub mod aws;
pub mod declared;
pub mod files;
pub mod git;
pub mod hasura;
pub mod http;
pub mod postgres;
pub mod repository;
pub mod services;
