"""Runs a case's statements and notes what they do. The same text runs on real
Django and on ormscope; it uses public API only."""


def _drive(blocks, namespace, connection):
    import json

    notes = []

    def show(value):
        if value is None:
            return []
        if hasattr(value, "query") and hasattr(value, "_fetch_all"):
            return [repr(row) for row in value] or ["(no rows)"]
        if hasattr(value, "raw_query"):
            return [repr(row) for row in value]
        return [repr(value)]

    def name(cls):
        if cls.__module__ == "builtins":
            return cls.__qualname__
        return cls.__module__ + "." + cls.__qualname__

    for statements in blocks:
        text = []
        params = {}

        def say(*values, sep=" ", end="\n", file=None, flush=False, text=text):
            text.extend((sep.join(str(value) for value in values) + end).split("\n")[:-1])

        def watch(execute, sql, values, many, context, params=params):
            try:
                return execute(sql, values, many, context)
            finally:
                if values:
                    params[len(connection.queries)] = repr(values)

        namespace["print"] = say
        connection.queries_log.clear()
        with connection.execute_wrapper(watch):
            try:
                for source in statements:
                    try:
                        code = compile(source.strip(), "<case>", "eval")
                    except SyntaxError:
                        exec(compile(source, "<case>", "exec"), namespace)
                    else:
                        text.extend(show(eval(code, namespace)))
            except Exception as error:
                message = str(error)
                text.append(name(type(error)) + (": " + message if message else ""))
        queries = [query["sql"] for query in connection.queries]
        notes.append({
            "sql": [[sql, params.get(index)] for index, sql in enumerate(queries)],
            "text": text,
        })
    return "@@truth@@" + json.dumps(notes)
