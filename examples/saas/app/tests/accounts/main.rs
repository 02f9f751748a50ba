//! Accounts and mail, in the whole application: what is logged, asked, stored and mailed while people use them.

mod enumeration;
mod mails;
mod people;
mod record;
mod secrets;
