// npm run setup: makes what is missing for the notebooks. `-- --tests` adds what the tests need.
import { setUp } from "./lib/steps.mjs";
import { forNotebooks, forTests } from "./steps/index.mjs";

process.exitCode = (await setUp(process.argv.includes("--tests") ? forTests : forNotebooks)) ? 0 : 1;
