import { describe, expect, test } from "vitest";
import { diagnosisOf, thresholdsWith, type Evidence } from "../../kernel/lib/diagnosis/index.js";
import { show } from "../../kernel/lib/display/index.js";
import { evidence, history } from "../diagnosis/evidence.js";

const shown = async (given: Evidence): Promise<Record<string, string>> => (await show(diagnosisOf(given, thresholdsWith())))!.data as Record<string, string>;

describe("a diagnosis", () => {
  test("of a run that is well says so, and what was checked", async () => {
    const data = await shown(evidence());
    for (const type of ["text/plain", "text/html", "text/markdown"]) {
      expect(data[type]).toContain("net: nothing wrong was found after step 60 (epoch 6)");
      expect(data[type]).toMatch(/Checked: NaN and infinity, .*overfitting/);
      expect(data[type]).not.toContain("Not checked");
    }
  });

  test("says what could not be checked once a reason, with the line that changes it", async () => {
    const text = (await shown(evidence({ instruments: undefined, settings: { watched: false } })))["text/plain"]!;
    expect(text).toContain("Not checked: vanishing gradients, size of the updates; the layers were not watched: finetune(model, data, { …, watch: true })");
  });

  const overfitted = { run: { name: "net_<b>" }, history: history([2, 1.5, 1, 0.5, 0.2, 0.1], [2, 1.6, 1.2, 1.5, 1.8, 2.2]) };

  test("tells place, numbers, reason, source and fixes as text", async () => {
    const text = (await shown(evidence(overfitted)))["text/plain"]!;
    expect(text).toContain("net_<b>: 1 finding after step 60 (epoch 6)\n\n1. overfitting (problem · epochs 4 to 6)");
    expect(text).toContain("validation loss there 1.2");
    expect(text).toContain("Source: UMLAUT");
    expect(text).toContain("await run.rewind({ step: 0 }); const better = run.fork({ earlyStopping: { patience: 2 } }); await better.train();");
  });

  test("escapes names in HTML and markdown, takes the page's colours, and runs nothing", async () => {
    const data = await shown(evidence(overfitted));
    expect(data["text/html"]).toContain("net_&lt;b&gt;");
    expect(data["text/html"]).not.toMatch(/<script|<style|(?<!-)color:|background/);
    expect(data["text/markdown"]).toContain("net\\_\\<b\\>");
    expect(data["text/markdown"]).toContain("  ```ts\n  await run.rewind");
  });
});
