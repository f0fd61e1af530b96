//! autodetector
