package io.hadal.cli;

import picocli.CommandLine.Option;

/** {@code --bounded-replay}. */
final class ReplayOption {
  @Option(
      names = "--bounded-replay",
      description =
          "Faster, approximate prompts: layers behind the last one that makes compressed entries"
              + " read the last window of the prompt only. Not with --speculate.")
  private boolean on;

  boolean on() {
    return on;
  }
}
