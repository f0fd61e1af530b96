//! From what the driver gives to Python values.
