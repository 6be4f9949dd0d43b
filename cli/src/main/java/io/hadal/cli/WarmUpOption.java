package io.hadal.cli;

import picocli.CommandLine.Option;

/** {@code --cold}: no warm-up in the background. */
final class WarmUpOption {
  @Option(
      names = "--cold",
      description =
          "Do not compile kernels and pack weights in the background from the start; what is needed"
              + " is made when it is needed.")
  private boolean cold;

  boolean on() {
    return !cold;
  }
}
