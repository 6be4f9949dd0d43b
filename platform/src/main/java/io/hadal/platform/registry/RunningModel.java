package io.hadal.platform.registry;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The model of this process as files, to tell which local versions it is. Large weights are not
 * read whole: their sizes, their {@linkplain WeightFile#sample() samples} and, where `model add`
 * has hashed the very file, its whole hash have to be those of the manifest. Small ones are hashed.
 * Names of weights may differ; the build, the context and the numeric mode are not looked at.
 */
public final class RunningModel {
  /** Weights up to this size in all are read whole. */
  private static final long SMALL = 256L << 20;

  private static final LongConsumer SILENT = bytes -> {};

  private final Path folder;
  private final List<WeightFile> weights;
  private final String dialect;
  private final FileHashes hashes;

  /** What stands against a manifest, by its hash; empty for nothing. */
  private final Map<String, Optional<String>> known = new ConcurrentHashMap<>();

  /**
   * A model that was loaded.
   *
   * @param folder where the files beside the weights are
   * @param weights its files, by name
   * @param dialect its prompt format
   * @param hashes remembers files that were hashed
   */
  public RunningModel(Path folder, List<WeightFile> weights, String dialect, FileHashes hashes) {
    this.folder = folder;
    this.weights = List.copyOf(weights);
    this.dialect = dialect;
    this.hashes = hashes;
  }

  /** What makes it another model than a local manifest describes; null when it is that one. */
  public @Nullable String differs(Manifest manifest) {
    Optional<String> found = known.get(manifest.sha256());
    if (found == null) {
      try {
        found = Optional.ofNullable(compare(manifest.json()));
      } catch (IOException e) {
        // Not kept: the next request looks again.
        return "its files cannot be read: " + e.getMessage();
      } catch (FormatException e) {
        return String.valueOf(e.getMessage());
      }
      known.put(manifest.sha256(), found);
    }
    return found.orElse(null);
  }

  private @Nullable String compare(JsonNode manifest) throws IOException {
    JsonNode files = manifest.path("weights");
    if (files.size() != weights.size()) {
      return "the version has " + files.size() + " files of weights, here are " + weights.size();
    }
    String format = manifest.path("parser").path("id").asString(dialect);
    if (!format.equals(dialect)) {
      return "the version has the prompt format " + format + ", here it is " + dialect;
    }
    for (String kind : LocalManifest.BESIDE) {
      String other = manifest.has(kind) ? beside(manifest.path(kind), kind) : null;
      if (other != null) {
        return other + " is another file here";
      }
    }
    // By name, as the files here are; a copy may have other names.
    List<JsonNode> wanted = new ArrayList<>();
    files.forEach(wanted::add);
    wanted.sort((a, b) -> name(a).compareTo(name(b)));
    long all = 0;
    for (int i = 0; i < weights.size(); i++) {
      long bytes = Files.size(weights.get(i).file());
      long there = wanted.get(i).path("bytes").asLong(bytes);
      if (there != bytes) {
        return name(wanted.get(i)) + " has " + there + " bytes, here it has " + bytes;
      }
      all += bytes;
    }
    for (int i = 0; i < weights.size(); i++) {
      if (!same(weights.get(i), wanted.get(i), all <= SMALL)) {
        return name(wanted.get(i)) + " has other weights here";
      }
    }
    return null;
  }

  private boolean same(WeightFile here, JsonNode there, boolean whole) throws IOException {
    String sample = there.path("sample_sha256").asString("");
    if (!sample.isEmpty() && !sample.equals(here.sample())) {
      return false;
    }
    String hash =
        whole ? hashes.sha256(here.file(), SILENT) : hashes.known(here.file()).orElse(null);
    return hash == null || hash.equals(there.path("sha256").asString(""));
  }

  /** The first file beside the weights that is not the same on both sides; null for none. */
  private @Nullable String beside(JsonNode wanted, String kind) {
    Map<String, String> there = new TreeMap<>();
    wanted.forEach(file -> there.put(name(file), file.path("sha256").asString("")));
    Map<String, String> here = new HashMap<>();
    for (Path file : LocalManifest.beside(folder)) {
      if (LocalManifest.kind(file).equals(kind)) {
        here.put(String.valueOf(file.getFileName()), hashes.sha256(file, SILENT));
      }
    }
    for (Map.Entry<String, String> file : there.entrySet()) {
      if (!file.getValue().equals(here.remove(file.getKey()))) {
        return file.getKey();
      }
    }
    return here.isEmpty() ? null : here.keySet().iterator().next();
  }

  private static String name(JsonNode file) {
    return file.path("file").asString("");
  }
}
