import { test } from "node:test";

import vectors from "../../../tests/sealed_vectors.json";
import { checksOf } from "./vectors.ts";

for (const check of checksOf(vectors)) test(check.name, () => check.run());
