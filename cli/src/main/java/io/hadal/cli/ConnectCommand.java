package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.OwnerOnly;
import io.hadal.server.connect.Client;
import io.hadal.server.connect.Endpoint;
import io.hadal.server.connect.FileEdit;
import io.hadal.server.connect.HomeFolder;
import io.hadal.server.connect.Setup;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code hadal connect}: settings of clients. */
@Command(
    name = "connect",
    description = {
      "Shows how a coding agent or editor is set up for a Hadal server; with --write sets it up.",
      "Clients: claude-code, codex, opencode, copilot, continue, vscode, cline, qwen-code,"
          + " intellij, openai-python, openai-js, anthropic-python, anthropic-js, curl. Asks the"
          + " server for the name of its model unless --model is given."
    })
final class ConnectCommand implements Callable<Integer> {
  private static final int DEFAULT_CONTEXT = 16_384;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "CLIENT", description = "What to set up.")
  private String name = "";

  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "http://127.0.0.1:8080",
      description = "Where the server is. Default: ${DEFAULT-VALUE}.")
  private String url = "";

  @Option(
      names = {"-m", "--model"},
      paramLabel = "NAME",
      description = "Model to ask for. Default: the server's first.")
  private @Nullable String model;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = "API key, if the server needs one. Default: HADAL_API_KEY.")
  private @Nullable String key;

  @Option(
      names = "--write",
      description = "Change the client's files after showing how; the old ones stay as *.bak.")
  private boolean write;

  @Option(
      names = {"-y", "--yes"},
      description = "With --write: do not ask.")
  private boolean yes;

  @Option(
      names = "--home",
      paramLabel = "FOLDER",
      description = "Home folder of the settings. Default: yours.")
  private Path home = Path.of(System.getProperty("user.home", "."));

  @Override
  public Integer call() throws IOException, InterruptedException {
    Client client = Client.of(name);
    if (client == null) {
      throw usage("unknown client '" + name + "'; known are " + Client.ids());
    }
    if (yes && !write) {
      throw usage("--yes goes with --write");
    }
    Setup setup = client.setup(endpoint(), HomeFolder.at(home));
    PrintWriter out = spec.commandLine().getOut();
    boolean changes = setup.edits().stream().anyMatch(e -> !e.done());
    for (FileEdit edit : setup.edits()) {
      out.println(edit.file() + (edit.before() == null ? " (new)" : edit.done() ? " (done)" : ""));
      if (write) {
        edit.diff().forEach(out::println);
      } else {
        out.print(edit.after());
      }
      out.println();
    }
    if (write && changes) {
      if (!yes && !agreed(out)) {
        out.println("Nothing was written.");
        return ExitCode.OK;
      }
      for (FileEdit edit : setup.edits()) {
        if (!edit.done()) {
          save(edit);
          out.println("wrote " + edit.file());
        }
      }
    }
    out.println(write ? "Start it with:" : "Then start it with:");
    setup.start().forEach(line -> out.println("  " + line));
    return ExitCode.OK;
  }

  private Endpoint endpoint() throws InterruptedException {
    String secret = key != null ? key : System.getenv("HADAL_API_KEY");
    if (secret == null || secret.isBlank()) {
      secret = Endpoint.NO_KEY;
    }
    try {
      Endpoint asked = new Endpoint(url, model == null ? "?" : model, DEFAULT_CONTEXT, secret);
      return model != null ? asked : found(asked);
    } catch (IllegalArgumentException e) {
      throw usage("--url, --model or --key: " + url + " " + e.getMessage());
    }
  }

  /** The first model of the server. */
  private Endpoint found(Endpoint server) throws InterruptedException {
    String source = server.url();
    try (HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(3)).build()) {
      HttpResponse<byte[]> response =
          http.send(
              HttpRequest.newBuilder(URI.create(server.v1() + "/models"))
                  .timeout(Duration.ofSeconds(10))
                  .header("authorization", "Bearer " + server.key())
                  .build(),
              HttpResponse.BodyHandlers.ofByteArray());
      if (response.statusCode() == 401) {
        throw new FormatException(source, "needs a key; give one with --key");
      }
      if (response.statusCode() != 200) {
        throw new FormatException(
            source, "answers " + response.statusCode() + "; is this a Hadal server?");
      }
      JsonNode first = Json.parse(response.body(), source).path("data").path(0);
      String id = first.path("id").asString("");
      if (id.isEmpty()) {
        throw new FormatException(source, "names no model; is this a Hadal server?");
      }
      int context = first.path("context_length").asInt(DEFAULT_CONTEXT);
      return new Endpoint(url, id, context, server.key());
    } catch (IOException e) {
      throw new FormatException(
          source, "does not answer; start 'hadal serve', or name the model with --model", e);
    }
  }

  /** Asks on the terminal; without an answer nothing is written. */
  private static boolean agreed(PrintWriter out) throws IOException {
    out.print("Write? [y/N] ");
    out.flush();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
    String answer = in.readLine();
    return answer != null && answer.strip().toLowerCase(java.util.Locale.ROOT).startsWith("y");
  }

  private static void save(FileEdit edit) throws IOException {
    Path file = edit.file().toAbsolutePath();
    // Settings are often links into a folder of dotfiles.
    Path real = Files.exists(file) ? file.toRealPath() : file;
    Path folder = Files.createDirectories(Objects.requireNonNull(real.getParent()));
    if (edit.before() != null) {
      Files.copy(
          real,
          real.resolveSibling(real.getFileName() + ".bak"),
          StandardCopyOption.REPLACE_EXISTING,
          StandardCopyOption.COPY_ATTRIBUTES);
    }
    // Settings may hold a key: their owner's only from the first byte on, then as open as they
    // were.
    Set<PosixFilePermission> before =
        edit.before() == null || !Files.getFileStore(folder).supportsFileAttributeView("posix")
            ? null
            : Files.getPosixFilePermissions(real);
    AtomicFiles.write(real, edit.after().getBytes(StandardCharsets.UTF_8), OwnerOnly.file());
    if (before != null) {
      Files.setPosixFilePermissions(real, before);
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
