//! Reports and messages survive JSON, numbers of arbitrary precision included.

use ormscope_protocol::report::{Card, Cell, Report, Rows, RowsColumn, Value};
use ormscope_protocol::{FromWorker, Project, ToWorker, message::Limits};

#[test]
fn a_report_comes_back_as_it_went() {
    let rows = Rows {
        columns: vec![RowsColumn {
            name: "id".into(),
            ..RowsColumn::default()
        }],
        rows: vec![vec![
            Cell::Int(i64::MIN),
            Cell::Null,
            Cell::Bool(true),
            Cell::Float("nan".into()),
            Cell::Other("Decimal".into(), "12.50".into()),
        ]],
        total: u64::MAX,
        ..Rows::default()
    };
    let card = Card {
        value: Value::Table(rows),
        millis: 0.125,
        ..Card::default()
    };
    let report = Report {
        cards: vec![card],
        ..Report::default()
    };
    let message = FromWorker::Report {
        id: 7,
        report: Box::new(report),
    };
    let json = serde_json::to_string(&message).unwrap();
    assert_eq!(serde_json::from_str::<FromWorker>(&json).unwrap(), message);
}

#[test]
fn a_request_comes_back_as_it_went() {
    let run = ToWorker::Run {
        id: 1,
        project: Project::default(),
        limits: Limits::default(),
    };
    let json = serde_json::to_string(&run).unwrap();
    assert_eq!(serde_json::from_str::<ToWorker>(&json).unwrap(), run);
}
