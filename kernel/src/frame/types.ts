/** The type of a column, in the words of danfojs and pandas. */
export type Dtype = "int32" | "int64" | "float32" | "float64" | "boolean" | "string" | "datetime" | "object";

/** DuckDB's name of a type as a dtype. */
export function dtypeOf(type: string): Dtype {
  if (/^(TINYINT|SMALLINT|INTEGER|UTINYINT|USMALLINT)$/.test(type)) return "int32";
  if (/^(BIGINT|UINTEGER|UBIGINT|HUGEINT|UHUGEINT)$/.test(type)) return "int64";
  if (type === "FLOAT") return "float32";
  if (type === "DOUBLE" || type.startsWith("DECIMAL")) return "float64";
  if (type === "BOOLEAN") return "boolean";
  if (type === "VARCHAR" || type.startsWith("ENUM") || type === "UUID") return "string";
  if (type === "DATE" || type.startsWith("TIMESTAMP")) return "datetime";
  return "object";
}

export const isNumeric = (dtype: Dtype): boolean => dtype === "int32" || dtype === "int64" || dtype === "float32" || dtype === "float64";
