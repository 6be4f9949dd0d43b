package io.hadal.cli;

import io.hadal.engine.SamplingOptions;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How the next token is chosen, for commands that generate. */
final class SamplingFlags {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "0 takes the most likely token, 1 the model's own distribution. Default: 0.")
  private double temperature;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "Smallest set of tokens that reaches this probability. Default: 1, all.")
  private double topP = 1;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Most tokens considered. Default: 0, all.")
  private int topK;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Same seed and prompt, same tokens. Default: another one each time.")
  private @Nullable Long seed;

  @Option(
      names = "--speculate",
      negatable = true,
      description =
          "Guess ahead, by the model's drafter or else from what the text repeats; the tokens stay"
              + " the same. Default: no.")
  private boolean speculate;

  boolean speculate() {
    return speculate;
  }

  /** The options; a seed that was not given is drawn here, once a call. */
  SamplingOptions options() {
    long chosen = seed != null ? seed : temperature == 0 ? 0 : new SplittableRandom().nextLong();
    try {
      return new SamplingOptions(temperature, topP, topK, chosen);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage() + "");
    }
  }
}
