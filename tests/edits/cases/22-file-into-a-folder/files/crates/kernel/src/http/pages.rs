//! What only pages need.
