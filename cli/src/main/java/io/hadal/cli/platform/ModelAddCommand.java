package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressBar;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.PromptDialects;
import io.hadal.formats.tokenizer.StoredTokenizer;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.model.Model;
import io.hadal.platform.registry.FileHashes;
import io.hadal.platform.registry.LocalManifest;
import io.hadal.platform.registry.Manifest;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.WeightFile;
import io.hadal.server.config.YamlFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code hadal model add}: a draft of a version. */
@Command(
    name = "add",
    description = {
      "Adds a draft: of a checkpoint, whose files are checked and hashed, or of a manifest.",
      "Then try it with 'hadal model probe', and let it answer with 'hadal model activate'."
    })
final class ModelAddCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "MANIFEST|CHECKPOINT",
      description =
          "A manifest (*.yaml, *.yml, *.json) of a routed or local model, or a checkpoint: a folder"
              + " with config.json and *.safetensors, or a GGUF file.")
  private Path source = Path.of("");

  @Option(
      names = "--family",
      paramLabel = "NAME",
      description = "Name of the model. Default: that of the checkpoint or the manifest's.")
  private @Nullable String family;

  @Option(
      names = "--version-date",
      paramLabel = "DATE",
      description = "Date of the version, like 2026-11-29 or 2026-11-29.2. Default: today's next.")
  private @Nullable String date;

  @Option(
      names = {"-c", "--context"},
      paramLabel = "N",
      description = "Longest conversation in tokens. Default: the model's, at most 65536.")
  private @Nullable Integer context;

  @Option(
      names = "--dialect",
      paramLabel = "NAME",
      description = "Prompt format. Default: that of the model's family.")
  private @Nullable String dialect;

  @Mixin private ModelData data = new ModelData();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Override
  public Integer call() throws IOException {
    if (!Files.exists(source)) {
      throw new FormatException(source.toString(), "no such file or folder");
    }
    PrintWriter out = spec.commandLine().getOut();
    try (ModelData.Opened opened = data.open()) {
      Manifest manifest =
          isManifest(source) ? read(source) : checkpoint(new FileHashes(opened.database));
      ModelVersion version =
          opened.database.together(
              () -> {
                ModelVersion made = opened.registry.draft(manifest, date, ModelData.actor());
                CommandAudit.tell(
                    opened.database,
                    "model.create",
                    "models/" + made.id(),
                    "manifest_sha256",
                    manifest.sha256());
                return made;
              });
      out.printf(
          "%s  %s  sha256:%s%n",
          version.id(), manifest.fingerprint(), manifest.sha256().substring(0, 16));
      out.println(
          "A draft. Next: hadal model probe "
              + version.id()
              + " --url URL, then hadal model activate "
              + version.id());
      out.flush();
    }
    return ExitCode.OK;
  }

  private static boolean isManifest(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return Files.isRegularFile(file)
        && (name.endsWith(".yaml") || name.endsWith(".yml") || name.endsWith(".json"));
  }

  private Manifest read(Path file) {
    JsonNode json = YamlFile.read(file);
    if (json instanceof ObjectNode object) {
      if (family != null) {
        object.put("family", family);
      }
      if (context != null) {
        object.put("context", context.intValue());
      }
    }
    return Manifest.of(json, file.toString());
  }

  private Manifest checkpoint(FileHashes hashes) throws IOException {
    try (Model model = Model.load(source)) {
      Path folder = Model.folder(model.path());
      if (StoredTokenizer.find(model.store(), folder).isEmpty()) {
        throw new FormatException(source.toString(), "has no tokenizer, which answers need");
      }
      List<WeightFile> weights = WeightFile.of(model.store());
      long bytes = LocalManifest.bytes(folder, weights);
      try (ProgressBar bar =
          progress.start(spec.commandLine().getErr(), "hashing", Math.max(1, bytes))) {
        return new LocalManifest(hashes)
            .build(Files.isDirectory(source) ? source : folder, weights, run(model), bar::advance);
      }
    }
  }

  private LocalManifest.Run run(Model model) throws IOException {
    int most = model.config().contextLength();
    int wanted = context != null ? context : Math.min(most, io.hadal.chat.Hadal.DEFAULT_CONTEXT);
    if (wanted < 1) {
      throw new ParameterException(spec.commandLine(), "--context must be positive");
    }
    String kind = model.config().family();
    PromptDialect format =
        dialect == null ? PromptDialects.ofFamily(kind) : PromptDialects.named(dialect);
    if (format == null) {
      throw new FormatException(
          source.toString(),
          "has no known prompt format; name one with --dialect: " + PromptDialects.names());
    }
    return new LocalManifest.Run(
        family != null ? family : name(source),
        format.name(),
        quantisation(model.store()),
        wanted,
        kind.startsWith("deepseek"),
        number(),
        "fast");
  }

  private static String name(Path checkpoint) {
    String name = String.valueOf(checkpoint.toAbsolutePath().normalize().getFileName());
    return name.replaceFirst("\\.(gguf|safetensors)$", "").replaceAll("[^A-Za-z0-9._-]+", "-");
  }

  /** Bytes of the weights by storage type. */
  private static ObjectNode quantisation(TensorStore store) {
    Map<String, Long> bytes = new TreeMap<>();
    for (String name : store.names()) {
      StoredTensor tensor = store.get(name);
      bytes.merge(
          tensor.type().name().toLowerCase(Locale.ROOT), tensor.data().byteSize(), Long::sum);
    }
    ObjectNode json = JsonMapper.shared().createObjectNode();
    bytes.forEach((type, sum) -> json.put(type, sum.longValue()));
    return json;
  }

  /** Version of this build. */
  private static String number() throws IOException {
    try (InputStream in = ModelAddCommand.class.getResourceAsStream("/io/hadal/cli/version.txt")) {
      if (in == null) {
        throw new IOException("version.txt is missing from the build");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    }
  }
}
