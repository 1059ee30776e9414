"""Jupyter's own suite for kernels, with a sample for each of its checks."""
import jupyter_kernel_test

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class TestKernel(jupyter_kernel_test.KernelTests):
    kernel_name = "thawbook"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = 'console.log("hello, world");'
    code_stderr = 'console.error("oops");'
    completion_samples = [{"text": "JSON.par", "matches": {"parse"}}]
    complete_code_samples = ["const a1 = 1", "function f(a: number): number { return a }", "%help"]
    incomplete_code_samples = ["function f(a: number) {", "[1, 2,"]
    invalid_code_samples = ["const = 3 +* ;"]
    code_generate_error = 'throw new Error("bad")'
    code_execute_result = [{"code": "6*7", "result": "42"}, {"code": "[1, 2].length", "result": "2"}]
    code_display_data = [
        {"code": "display.html('<b>bold</b>');", "mime": "text/html"},
        {"code": f"display.png(Buffer.from('{PNG}', 'base64'));", "mime": "image/png"},
    ]
    code_clear_output = "display.clear();"
    code_inspect_sample = "Math.floor"
    code_history_pattern = "6?7*"
    supported_history_operations = ("tail", "range", "search")

    # a payload of old, which no front end needs to show a text
    test_pager = None

    def test_history(self) -> None:
        # the suite expects one cell that has run three times
        for _ in range(3):
            self.execute_helper("6*7")
        super().test_history()


class TestWelcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "thawbook"
    support_iopub_welcome = True


# the suite's own classes, which pytest would collect again
del jupyter_kernel_test
