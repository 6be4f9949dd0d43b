package io.hadal.formats.weights;

import io.hadal.formats.FormatException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tensors of safetensors files: one file, or a folder with an index and shards or with files only.
 * Data offsets need not be multiples of the element size, so views are read with unaligned layouts.
 * Safe for concurrent readers.
 */
public final class Safetensors implements TensorStore {
  private final Path source;
  private final Arena arena;
  private final List<SafetensorsFile> parts;
  private final Map<String, StoredTensor> tensors;
  private final Map<String, String> metadata;
  private final List<String> warnings;

  private Safetensors(
      Path source, Arena arena, List<SafetensorsFile> parts, @Nullable SafetensorsIndex index) {
    this.source = source;
    this.arena = arena;
    this.parts = List.copyOf(parts);
    this.tensors = merge(source, parts);
    Map<String, String> merged = new LinkedHashMap<>();
    for (SafetensorsFile part : parts) {
      part.metadata().forEach(merged::putIfAbsent);
    }
    this.metadata = Collections.unmodifiableMap(merged);
    this.warnings = index == null ? List.of() : check(index, parts);
  }

  /**
   * Maps a {@code .safetensors} file, a {@code model.safetensors.index.json} or a folder. In a
   * folder the index decides which files count; without one all {@code *.safetensors} do.
   *
   * @throws FormatException when nothing fits or a file breaks the format
   */
  @SuppressWarnings("MustBeClosedChecker") // the store owns the arena until close()
  public static Safetensors open(Path fileOrFolder) {
    Arena arena = Arena.ofShared();
    try {
      if (Files.isDirectory(fileOrFolder)) {
        return openFolder(fileOrFolder, arena);
      }
      if (String.valueOf(fileOrFolder.getFileName()).endsWith(".safetensors.index.json")) {
        Path folder = fileOrFolder.toAbsolutePath().getParent();
        if (folder != null) {
          return openIndex(fileOrFolder, ModelFolder.at(folder), fileOrFolder, arena);
        }
      }
      MappedFile file = MappedFile.map(fileOrFolder, arena);
      return new Safetensors(fileOrFolder, arena, List.of(SafetensorsFile.parse(file)), null);
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  private static Safetensors openFolder(Path path, Arena arena) {
    ModelFolder folder = ModelFolder.at(path);
    if (Files.exists(path.resolve(SafetensorsIndex.FILE_NAME))) {
      Path index = folder.resolve(SafetensorsIndex.FILE_NAME, path.toString());
      return openIndex(path, folder, index, arena);
    }
    List<String> names = folder.filesEndingWith(".safetensors");
    if (names.isEmpty()) {
      throw new FormatException(
          path.toString(),
          "the folder holds no *.safetensors and no " + SafetensorsIndex.FILE_NAME);
    }
    return new Safetensors(path, arena, parse(folder, names, path.toString(), arena), null);
  }

  private static Safetensors openIndex(
      Path source, ModelFolder folder, Path indexFile, Arena arena) {
    SafetensorsIndex index = SafetensorsIndex.read(indexFile);
    List<String> shards = List.copyOf(index.shards());
    return new Safetensors(source, arena, parse(folder, shards, index.source(), arena), index);
  }

  private static List<SafetensorsFile> parse(
      ModelFolder folder, List<String> names, String origin, Arena arena) {
    // All names first: a missing shard should show before gigabytes of others are mapped.
    List<Path> paths = new ArrayList<>(names.size());
    for (String name : names) {
      paths.add(folder.resolve(name, origin));
    }
    List<SafetensorsFile> parts = new ArrayList<>(names.size());
    for (Path path : paths) {
      parts.add(SafetensorsFile.parse(MappedFile.map(path, arena)));
    }
    return parts;
  }

  private static Map<String, StoredTensor> merge(Path source, List<SafetensorsFile> parts) {
    Map<String, StoredTensor> all = new LinkedHashMap<>();
    for (SafetensorsFile part : parts) {
      for (StoredTensor tensor : part.tensors().values()) {
        if (all.putIfAbsent(tensor.name(), tensor) != null) {
          String files =
              String.join(
                  ", ",
                  parts.stream()
                      .filter(other -> other.tensors().containsKey(tensor.name()))
                      .map(other -> String.valueOf(other.path().getFileName()))
                      .toList());
          throw new FormatException(
              source.toString(),
              "tensor " + Quoted.of(tensor.name()) + " is present in several files: " + files);
        }
      }
    }
    return all;
  }

  private static List<String> check(SafetensorsIndex index, List<SafetensorsFile> parts) {
    Map<String, SafetensorsFile> byName = new HashMap<>();
    int i = 0;
    for (String shard : index.shards()) {
      byName.put(shard, parts.get(i++));
    }
    index
        .weightMap()
        .forEach(
            (tensor, shard) -> {
              SafetensorsFile part = byName.get(shard);
              if (part == null || !part.tensors().containsKey(tensor)) {
                throw new FormatException(
                    index.source(),
                    "tensor "
                        + Quoted.of(tensor)
                        + " is not in shard "
                        + Quoted.of(shard)
                        + " as the index says; index and shards belong to different checkpoints");
              }
            });
    long bytes = 0;
    for (SafetensorsFile part : parts) {
      for (StoredTensor tensor : part.tensors().values()) {
        bytes += tensor.data().byteSize();
      }
    }
    OptionalLong told = index.totalSize();
    if (told.isPresent() && told.getAsLong() != bytes) {
      // Converters in the wild count shared or unpacked tensors differently: no reason to refuse.
      return List.of(
          index.source()
              + ": metadata.total_size is "
              + told.getAsLong()
              + ", the tensors have "
              + bytes
              + " bytes");
    }
    return List.of();
  }

  /** String pairs of the headers; where files disagree the first file's. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** Oddities that do not prevent loading, as full sentences. */
  public List<String> warnings() {
    return warnings;
  }

  @Override
  public Path source() {
    return source;
  }

  @Override
  public List<Path> files() {
    return parts.stream().map(SafetensorsFile::path).toList();
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  @Override
  public @Nullable StoredTensor find(String name) {
    return tensors.get(name);
  }

  @Override
  public TensorLocation fileOf(String name) {
    StoredTensor tensor = get(name);
    for (SafetensorsFile part : parts) {
      if (part.tensors().containsKey(name)) {
        return part.location(tensor);
      }
    }
    throw new AssertionError(name);
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
