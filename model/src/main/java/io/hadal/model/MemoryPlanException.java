package io.hadal.model;

/** The plan does not fit; the message holds the plan and what would fit. */
public final class MemoryPlanException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MemoryPlanException(MemoryPlan plan, long available, boolean streaming) {
    super(message(plan, available, streaming));
  }

  private static String message(MemoryPlan plan, long available, boolean streaming) {
    StringBuilder text =
        new StringBuilder("does not fit in ")
            .append(MemoryPlan.size(available))
            .append(" of memory:\n");
    plan.lines().forEach(line -> text.append("  ").append(line).append('\n'));
    int shorter = plan.fittingContext(available, streaming);
    if (!streaming && plan.tablesDecide(available)) {
      text.append("n-gram tables could stay on disk behind a cache (--engram-cache 256M)");
    } else if (!streaming && plan.packingDecides(available)) {
      text.append(
          "the stored weights would fit (--mode exact), or weights can stay on disk in a side file"
              + " (hadal pack -m MODEL, then --stream)");
    } else if (shorter > 0 && shorter < plan.context()) {
      text.append("a context of ").append(shorter).append(" tokens fits (--context)");
    } else if (!streaming && plan.fittingContext(available, true) > 0) {
      text.append("weights could stay on disk and be read as needed, slower (--stream)");
      if (plan.packed().memory() > 0) {
        text.append(", in mode fast from a side file (hadal pack -m MODEL)");
      }
      int streamed = plan.fittingContext(available, true);
      if (streamed < plan.context()) {
        text.append(", with a context of ").append(streamed).append(" tokens (--context)");
      }
    } else {
      text.append("more memory or a smaller model is needed");
    }
    return text.toString();
  }
}
