/**
 * Draws in an animation frame, and only while the node is seen: a notebook of thirty charts costs what
 * its visible ones cost. Widths are watched too, since output areas do not always pass on a resize.
 */
export class WhileVisible {
  private readonly seen: IntersectionObserver;
  private readonly resized: ResizeObserver;
  private visible = false;
  private wanted = false;
  private frame = 0;
  private width = 0;

  constructor(
    private readonly node: HTMLElement,
    private readonly draw: () => void,
  ) {
    this.seen = new IntersectionObserver((entries) => {
      this.visible = entries[entries.length - 1]?.isIntersecting ?? false;
      this.schedule();
    }, { rootMargin: "200px" });
    this.seen.observe(node);
    this.resized = new ResizeObserver(() => {
      const width = Math.round(node.clientWidth);
      if (width === this.width || width === 0) return;
      this.width = width;
      this.request();
    });
    this.resized.observe(node);
  }

  /** Something changed: draw once, when it can be seen. */
  request(): void {
    this.wanted = true;
    this.schedule();
  }

  private schedule(): void {
    if (!this.visible || !this.wanted || this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.visible || !this.wanted || this.node.clientWidth === 0) return;
      this.wanted = false;
      this.draw();
    });
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.seen.disconnect();
    this.resized.disconnect();
  }
}
