"""Frames in cells: shown by themselves, asked with SQL, ended by an interrupt."""

import re


def test_a_frame_shows_itself(kernel):
    shown = kernel.run('const flights = frame({ carrier: ["AA", "UA", null], delay: [10, 45, 20] });\nflights.filter(col("delay").gt(15))')
    assert shown.reply["status"] == "ok", shown.traceback
    data = shown.of("execute_result")[0]["data"]
    assert "<table" in data["text/html"] and "string, 1 missing" in data["text/html"]
    assert re.search(r"0 +UA +45", data["text/plain"])


def test_types_of_columns_are_checked(kernel):
    kernel.run('const flights = frame({ carrier: ["AA"], delay: [10] });')
    wrong = kernel.run('flights.select("carier")')
    assert wrong.error and "carier" in wrong.traceback
    delays = kernel.run('const [first] = await flights.column("delay"); first.toFixed(1)')
    assert delays.result == "'10.0'", delays.traceback


def test_an_interrupt_ends_a_query(kernel):
    kernel.run("const many = await frame({ n: Array.from({ length: 4000 }, (_, row) => row) }).collect();")
    cell = kernel.send("await (await sql`select count(*) as n from ${many} a, ${many} b, ${many} c where a.n * b.n * c.n < 0`).rows()")
    kernel.wait(cell, until=lambda c: c.of("update_display_data"))
    kernel.ask("interrupt_request", channel="control", deadline=5)
    kernel.wait(cell, deadline=10)
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert cell.of("display_data")[0]["data"]["text/plain"].startswith("frame: ")
    assert kernel.run("await many.count()").result == "4000"


def test_a_cell_of_sql_asks_frames(kernel):
    kernel.run('const flights = frame({ carrier: ["AA", "UA", "AA"], delay: [10, 45, 20] });\nlet limit = 15;')
    cell = kernel.run("%%sql\nselect carrier, max(delay) as worst\nfrom ${flights} where delay > ${limit} and regexp_matches(carrier, '^\\w+$')\ngroup by carrier order by carrier;\n")
    assert cell.error is None, cell.traceback
    assert re.search(r"0 +AA +20\s+1 +UA +45", cell.of("execute_result")[0]["data"]["text/plain"])
    wrong = kernel.run("%%sql\nselect dely from ${flights}")
    assert wrong.error["ename"] == "FrameError" and "dely" in wrong.error["evalue"]
    unknown = kernel.run("%%sql\nselect * from ${flight}")
    assert "2:17: Cannot find name 'flight'" in unknown.traceback
    assert "holds no `" in kernel.run("%%sql\nselect `a`").traceback
