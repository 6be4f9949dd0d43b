package io.hadal.cli;

import java.util.Optional;

/** The oldest Java that Hadal runs on. */
final class JavaVersion {
  /** First update with the correctness fixes of C2's vector code that the kernels rely on. */
  static final Runtime.Version MINIMUM = Runtime.Version.parse("25.0.3");

  private JavaVersion() {}

  /** One line that refuses {@code running} and says what to install; empty when it is fine. */
  static Optional<String> refusal(Runtime.Version running) {
    if (running.compareToIgnoreOptional(MINIMUM) >= 0) {
      return Optional.empty();
    }
    return Optional.of(
        "hadal: Java %s is too old: JDKs before %s miscompile vector code and give wrong numbers; %s"
            .formatted(running, MINIMUM, remedy()));
  }

  static String remedy() {
    return "install a JDK 25, " + MINIMUM + " or newer, or set HADAL_JAVA_HOME to one";
  }
}
