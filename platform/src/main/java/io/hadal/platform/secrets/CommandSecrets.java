package io.hadal.platform.secrets;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * {@code kms:exec:COMMAND ARGUMENT ...}: what a command writes, for services that have a tool of
 * their own. It is started without a shell; arguments have no spaces.
 */
final class CommandSecrets implements SecretProvider {
  private static final int SECONDS = 20;

  @Override
  public String name() {
    return "exec";
  }

  @Override
  public String read(String rest, Map<String, String> environment) {
    List<String> command = List.of(rest.strip().split(" +"));
    String at = "kms:exec:" + command.getFirst();
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().keySet().retainAll(environment.keySet());
    builder.environment().putAll(environment);
    Process process;
    try {
      process = builder.start();
      process.getOutputStream().close();
    } catch (IOException e) {
      throw new FormatException(at, "cannot be started", e);
    }
    // Read beside the waiting, or a command that writes much would never end.
    CompletableFuture<String> text = CompletableFuture.supplyAsync(() -> output(process, at));
    try {
      String value = text.get(SECONDS, TimeUnit.SECONDS);
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        throw new TimeoutException();
      }
      if (process.exitValue() != 0) {
        throw new FormatException(at, "ended with exit code " + process.exitValue());
      }
      return value;
    } catch (TimeoutException e) {
      throw new FormatException(at, "did not end within " + SECONDS + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FormatException(at, "was interrupted", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof FormatException known
          ? known
          : new FormatException(at, "cannot be read", e);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static String output(Process process, String at) {
    try (InputStream out = process.getInputStream()) {
      return Secrets.bounded(out, at);
    } catch (IOException e) {
      throw new FormatException(at, "cannot be read", e);
    }
  }
}
