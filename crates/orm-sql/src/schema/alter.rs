//! Changing columns, indexes and constraints.
