//! The defaults functions of sprig 3.3.0.
