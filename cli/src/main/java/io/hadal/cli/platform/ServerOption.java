package io.hadal.cli.platform;

import io.hadal.platform.probe.ProbeTarget;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** {@code --url}, {@code --key} and {@code --timeout}: a running server to ask. */
final class ServerOption {
  @Spec(Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "http://127.0.0.1:8080",
      description = "The server. Default: ${DEFAULT-VALUE}.")
  private String url = "";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = "API key, if the server needs one. Default: HADAL_API_KEY.")
  private @Nullable String key;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "600",
      description = "Longest time of one request. Default: ${DEFAULT-VALUE}.")
  private int timeout;

  /**
   * A model of the server.
   *
   * @throws ParameterException when the time is none
   */
  ProbeTarget target(String model) {
    if (timeout < 1) {
      throw new ParameterException(spec.commandLine(), "--timeout must be positive");
    }
    String secret = key != null ? key : System.getenv("HADAL_API_KEY");
    return new ProbeTarget(
        url,
        secret == null || secret.isBlank() ? null : secret,
        model,
        Duration.ofSeconds(timeout));
  }
}
