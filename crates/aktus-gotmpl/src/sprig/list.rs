//! The list functions of sprig 3.3.0.
