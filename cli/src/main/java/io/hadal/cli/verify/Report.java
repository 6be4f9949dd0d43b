package io.hadal.cli.verify;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** Collects the results of a verification and prints each as it comes. */
public final class Report {

  /**
   * One compared case.
   *
   * @param value measured distance
   * @param limit largest distance accepted
   * @param note what else was compared
   */
  public record Case(String name, boolean passed, double value, double limit, String note) {}

  private final List<Case> cases = new ArrayList<>();
  private final Consumer<String> out;

  public Report(Consumer<String> out) {
    this.out = out;
  }

  void add(String name, double value, double limit, boolean agrees, String note) {
    boolean passed = value <= limit && agrees;
    cases.add(new Case(name, passed, value, limit, note));
    out.accept(
        String.format(
            Locale.ROOT,
            "%-4s %-34s max|Δ| %.2e  (limit %.1e)%s",
            passed ? "ok" : "FAIL",
            name,
            value,
            limit,
            note.isEmpty() ? "" : "  " + note));
  }

  /** A case without a distance. */
  void check(String name, boolean passed, String note) {
    cases.add(new Case(name, passed, passed ? 0 : 1, 0, note));
    out.accept(String.format(Locale.ROOT, "%-4s %-34s %s", passed ? "ok" : "FAIL", name, note));
  }

  /** A figure that is shown but not judged. */
  void info(String name, String note) {
    out.accept(String.format(Locale.ROOT, "     %-34s %s", name, note));
  }

  public List<Case> cases() {
    return List.copyOf(cases);
  }

  public long failed() {
    return cases.stream().filter(c -> !c.passed()).count();
  }

  /** The closing line. */
  public String summary() {
    return (cases.size() - failed()) + " passed, " + failed() + " failed";
  }
}
