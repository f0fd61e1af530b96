//! `F`, `Value`, `Func`, aggregates, functions, lookups and the rest as Python classes.
//! (The lead is writing this module: 05:58.)
