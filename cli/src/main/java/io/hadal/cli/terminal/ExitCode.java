package io.hadal.cli.terminal;

/** Exit codes of the {@code hadal} command, part of its contract (README, every help text). */
public final class ExitCode {
  public static final int OK = 0;

  /** A check that the command is there to make found problems. */
  public static final int CHECK_FAILED = 1;

  public static final int USAGE = 2;

  /** A file, model or configuration is missing or breaks its format. */
  public static final int BAD_INPUT = 3;

  public static final int DOES_NOT_FIT = 4;

  public static final int INTERNAL = 70;

  public static final int INTERRUPTED = 130;

  private ExitCode() {}
}
