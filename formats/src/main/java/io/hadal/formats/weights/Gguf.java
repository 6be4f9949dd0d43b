package io.hadal.formats.weights;

import io.hadal.formats.FormatException;
import io.hadal.kernels.StorageType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tensors and metadata of a GGUF model (versions 2 and 3, little endian), in one file or in files
 * {@code <name>-00001-of-0000N.gguf}. Safe for concurrent readers.
 */
public final class Gguf implements TensorStore {
  private static final Pattern SHARD_NAME = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");
  private static final String SPLIT_NO = "split.no";
  private static final String SPLIT_COUNT = "split.count";
  private static final String SPLIT_TENSORS = "split.tensors.count";

  private record Located(GgufTensorInfo info, GgufFile part) {}

  private final Path source;
  private final Arena arena;
  private final List<GgufFile> parts;
  private final Map<String, Located> tensors;

  private Gguf(Path source, Arena arena, List<GgufFile> parts) {
    this.source = source;
    this.arena = arena;
    this.parts = parts;
    this.tensors = new LinkedHashMap<>();
    for (GgufFile part : parts) {
      for (GgufTensorInfo info : part.infos()) {
        Located before = tensors.putIfAbsent(info.name(), new Located(info, part));
        if (before != null) {
          throw new FormatException(
              source.toString(),
              "tensor "
                  + Quoted.of(info.name())
                  + " is present in "
                  + before.info().file().getFileName()
                  + " and "
                  + part.path().getFileName());
        }
      }
    }
  }

  /**
   * Maps a model. Any file of a split model opens all of them.
   *
   * @throws FormatException when a file is missing or breaks the format
   */
  @SuppressWarnings("MustBeClosedChecker") // the store owns the arena until close()
  public static Gguf open(Path file) {
    Arena arena = Arena.ofShared();
    try {
      GgufFile opened = GgufFile.parse(MappedFile.map(file, arena));
      long count = opened.metadata().getLong(SPLIT_COUNT, 1);
      List<GgufFile> parts = count <= 1 ? List.of(opened) : openShards(file, opened, count, arena);
      return new Gguf(file, arena, parts);
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  private static List<GgufFile> openShards(Path file, GgufFile opened, long count, Arena arena) {
    String source = file.toString();
    Matcher name = SHARD_NAME.matcher(String.valueOf(file.getFileName()));
    long number = opened.metadata().requireLong(SPLIT_NO);
    if (!name.matches()
        || Long.parseLong(name.group(2)) != number + 1
        || Long.parseLong(name.group(3)) != count) {
      throw new FormatException(
          source,
          "is part "
              + (number + 1)
              + " of "
              + count
              + " of a split model; its name must end in "
              + shardSuffix(number, count)
              + " so that the other parts can be found");
    }
    List<Path> paths = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      Path path = file.resolveSibling(name.group(1) + shardSuffix(i, count));
      if (!Files.exists(path)) {
        throw new FormatException(
            source, "part " + path.getFileName() + " of the split model is missing beside it");
      }
      paths.add(path);
    }
    List<GgufFile> parts = new ArrayList<>();
    long tensors = 0;
    for (int i = 0; i < paths.size(); i++) {
      GgufFile part = i == number ? opened : GgufFile.parse(MappedFile.map(paths.get(i), arena));
      expect(part, SPLIT_NO, i);
      expect(part, SPLIT_COUNT, count);
      tensors += part.infos().size();
      parts.add(part);
    }
    GgufFile first = parts.getFirst();
    if (first.metadata().has(SPLIT_TENSORS)) {
      expect(first, SPLIT_TENSORS, tensors);
    }
    return List.copyOf(parts);
  }

  private static String shardSuffix(long number, long count) {
    return String.format("-%05d-of-%05d.gguf", number + 1, count);
  }

  private static void expect(GgufFile part, String key, long wanted) {
    long found = part.metadata().requireLong(key);
    if (found != wanted) {
      throw new FormatException(
          part.path().toString(),
          key + " is " + found + ", expected " + wanted + "; the parts do not belong together");
    }
  }

  /** Key-value pairs; of a split model those of its first file. */
  public GgufMetadata metadata() {
    return parts.getFirst().metadata();
  }

  /** The tensor list in file order, also of types that cannot be decoded. */
  public List<GgufTensorInfo> infos() {
    return tensors.values().stream().map(Located::info).toList();
  }

  @Override
  public Path source() {
    return source;
  }

  @Override
  public List<Path> files() {
    return parts.stream().map(GgufFile::path).toList();
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  /**
   * The tensor, or null.
   *
   * @throws FormatException when its type cannot be decoded
   */
  @Override
  public @Nullable StoredTensor find(String name) {
    Located located = tensors.get(name);
    if (located == null) {
      return null;
    }
    GgufTensorInfo info = located.info();
    StorageType type = info.storage();
    if (type == null) {
      throw new FormatException(
          info.file().toString(),
          "tensor "
              + Quoted.of(name)
              + " has the GGML type "
              + info.typeName()
              + " (id "
              + Integer.toUnsignedString(info.typeId())
              + "), which cannot be decoded; quantise the model to another type, like Q4_K or Q8_0");
    }
    // An empty tensor may sit past the end of the data.
    MemorySegment data =
        info.bytes() == 0
            ? located.part().data().asSlice(0, 0)
            : located.part().data().asSlice(info.offset(), info.bytes());
    return new StoredTensor(name, type, info.shape(), data);
  }

  @Override
  public TensorLocation fileOf(String name) {
    Located located = tensors.get(name);
    if (located == null || located.info().bytes() < 0) {
      throw new FormatException(
          source.toString(),
          "tensor " + Quoted.of(name) + (located == null ? " is missing" : " has no known size"));
    }
    GgufTensorInfo info = located.info();
    return new TensorLocation(
        info.file(), located.part().dataOffset() + info.offset(), info.bytes());
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
