//! What settings are unless a project says otherwise.
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// Names and values: those of `startproject`, then Django's own.
pub fn all(vm: &VirtualMachine) -> PyResult<Vec<(&'static str, PyObjectRef)>> {
    let ctx = &vm.ctx;
    let text = |t: &str| -> PyObjectRef { ctx.new_str(t).into() };
    let yes = |b: bool| -> PyObjectRef { ctx.new_bool(b).into() };
    let list = |items: Vec<PyObjectRef>| -> PyObjectRef { ctx.new_list(items).into() };
    let dict = || -> PyObjectRef { ctx.new_dict().into() };
    Ok(vec![
        ("DEBUG", yes(true)),
        ("USE_TZ", yes(true)),
        ("TIME_ZONE", text("UTC")),
        ("USE_I18N", yes(true)),
        ("USE_BLANK_CHOICE_DASH", yes(false)),
        ("LANGUAGE_CODE", text("en-us")),
        (
            "LANGUAGES",
            list(vec![
                ctx.new_tuple(vec![text("en"), text("English")]).into(),
            ]),
        ),
        ("LOCALE_PATHS", list(vec![])),
        ("USE_THOUSAND_SEPARATOR", yes(false)),
        ("THOUSAND_SEPARATOR", text(",")),
        ("DECIMAL_SEPARATOR", text(".")),
        ("NUMBER_GROUPING", ctx.new_int(0).into()),
        ("FORMAT_MODULE_PATH", ctx.none()),
        ("FIRST_DAY_OF_WEEK", ctx.new_int(0).into()),
        ("INSTALLED_APPS", list(vec![])),
        ("DATABASES", dict()),
        ("DATABASE_ROUTERS", list(vec![])),
        ("DEFAULT_AUTO_FIELD", text("django.db.models.BigAutoField")),
        ("DEFAULT_TABLESPACE", text("")),
        ("DEFAULT_INDEX_TABLESPACE", text("")),
        ("AUTH_USER_MODEL", text("auth.User")),
        ("MIGRATION_MODULES", dict()),
        ("FIXTURE_DIRS", list(vec![])),
        ("SERIALIZATION_MODULES", dict()),
        ("SILENCED_SYSTEM_CHECKS", list(vec![])),
        ("SECRET_KEY", text("ormscope")),
        ("SECRET_KEY_FALLBACKS", list(vec![])),
        ("ROOT_URLCONF", text("urls")),
        ("ALLOWED_HOSTS", list(vec![])),
        ("MIDDLEWARE", list(vec![])),
        ("TEMPLATES", list(vec![])),
        ("PASSWORD_HASHERS", list(vec![])),
        ("AUTHENTICATION_BACKENDS", list(vec![])),
        ("AUTH_PASSWORD_VALIDATORS", list(vec![])),
        ("ABSOLUTE_URL_OVERRIDES", dict()),
        ("MEDIA_ROOT", text("")),
        ("MEDIA_URL", text("/")),
        ("STATIC_URL", text("static/")),
        ("STATIC_ROOT", ctx.none()),
        ("SITE_ID", ctx.new_int(1).into()),
        ("DEFAULT_CHARSET", text("utf-8")),
        (
            "DEFAULT_EXCEPTION_REPORTER",
            text("django.views.debug.ExceptionReporter"),
        ),
        ("TEST_RUNNER", text("django.test.runner.DiscoverRunner")),
        ("TEST_NON_SERIALIZED_APPS", list(vec![])),
        ("FILE_UPLOAD_PERMISSIONS", ctx.new_int(0o644).into()),
        ("FILE_UPLOAD_DIRECTORY_PERMISSIONS", ctx.none()),
        ("LOGGING_CONFIG", ctx.none()),
        ("LOGGING", dict()),
        ("CACHES", dict()),
        ("STORAGES", dict()),
    ])
}
