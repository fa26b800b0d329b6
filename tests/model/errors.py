"""An input that the rules refuse."""

from __future__ import annotations


class ModelError(Exception):
    """`class_name`: the exception class perpcore must raise; `code`: its catalogue name; `table`: where."""

    def __init__(self, class_name: str, code: str, table: str | None = None, row: int | None = None) -> None:
        super().__init__(f"{class_name} {code} (table {table}, row {row})")
        self.class_name = class_name
        self.code = code
        self.table = table
        self.row = row


def input_error(code: str, table: str | None = None, row: int | None = None) -> ModelError:
    """TABLES, "What is accepted": every code but the schema ones is an `InputError`."""
    return ModelError("InputError", code, table, row)


def schema_error(code: str, table: str | None = None) -> ModelError:
    """TABLES, "What is accepted": missing_column, unknown_column, wrong_type."""
    return ModelError("SchemaError", code, table)
