package io.hadal.cli;

/** Exit codes of the {@code hadal} command, part of its contract (README, every help text). */
final class ExitCode {
  static final int OK = 0;

  /** A check that the command is there to make found problems. */
  static final int CHECK_FAILED = 1;

  static final int USAGE = 2;

  /** A file, model or configuration is missing or breaks its format. */
  static final int BAD_INPUT = 3;

  static final int DOES_NOT_FIT = 4;

  static final int INTERNAL = 70;

  static final int INTERRUPTED = 130;

  private ExitCode() {}
}
