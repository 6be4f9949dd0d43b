package io.hadal.platform.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.TestDatabases;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Which versions the model of a process is. */
class RunningModelTest {
  private static final int HEADER = 100;

  @TempDir private Path folder = Path.of("");
  private final Database database = TestDatabases.open(DatabaseKind.SQLITE);

  @BeforeEach
  void write() throws Exception {
    Files.writeString(folder.resolve("config.json"), "{}");
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    weights("a.safetensors", 3000);
    weights("b.safetensors", 5000);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private Path weights(String name, long bytes) throws Exception {
    Path file = folder.resolve(name);
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(bytes);
    }
    return file;
  }

  private static void poke(Path file, long at) throws Exception {
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.seek(at);
      out.write(1);
    }
  }

  private static List<WeightFile> files(Path in, String... names) {
    return List.of(names).stream().map(name -> new WeightFile(in.resolve(name), HEADER)).toList();
  }

  private Manifest manifest(String... weights) {
    return new LocalManifest(new FileHashes(database))
        .build(
            folder,
            files(folder, weights),
            new LocalManifest.Run(
                "m", "v4", JsonMapper.shared().createObjectNode(), 64, false, "1", "fast"),
            n -> {});
  }

  private @Nullable String differs(Manifest manifest, Path in, String dialect, String... weights) {
    try (Database own = TestDatabases.open(DatabaseKind.SQLITE)) {
      // Nothing was hashed there before.
      return new RunningModel(in, files(in, weights), dialect, new FileHashes(own))
          .differs(manifest);
    }
  }

  private @Nullable String differs(Manifest manifest) {
    return differs(manifest, folder, "v4", "a.safetensors", "b.safetensors");
  }

  @Test
  void aModelIsTheVersionWhoseFilesItHas() throws Exception {
    Manifest made = manifest("a.safetensors", "b.safetensors");
    assertThat(differs(made)).isNull();
    assertThat(differs(made, folder, "v4", "a.safetensors")).contains("2 files").contains("are 1");
    assertThat(differs(made, folder, "v3", "a.safetensors", "b.safetensors"))
        .contains("prompt format v4");
    Path added = Files.writeString(folder.resolve("chat_template.jinja"), "t");
    assertThat(differs(made)).isEqualTo("chat_template.jinja is another file here");
    Files.delete(added);
    Files.writeString(folder.resolve("config.json"), "{ }");
    assertThat(differs(made)).isEqualTo("config.json is another file here");
    Files.writeString(folder.resolve("config.json"), "{}");
    poke(folder.resolve("b.safetensors"), 4321);
    assertThat(differs(made)).isEqualTo("b.safetensors has other weights here");
    weights("b.safetensors", 5001);
    assertThat(differs(made)).isEqualTo("b.safetensors has 5000 bytes, here it has 5001");
  }

  @Test
  void aCopyUnderOtherNamesIsTheSameModel() throws Exception {
    Manifest made = manifest("a.safetensors", "b.safetensors");
    Path copy = Files.createDirectory(folder.resolve("copy"));
    for (String name : List.of("config.json", "tokenizer.json")) {
      Files.copy(folder.resolve(name), copy.resolve(name));
    }
    Files.copy(folder.resolve("a.safetensors"), copy.resolve("x-1"));
    Files.copy(folder.resolve("b.safetensors"), copy.resolve("x-2"));
    assertThat(differs(made, copy, "v4", "x-1", "x-2")).isNull();
    assertThat(differs(made, copy, "v4", "x-2", "x-1")).contains("bytes");
  }

  /** Files with holes, which take no room. */
  @Test
  void largeWeightsAreKnownBySamplesAndByHashesOfBefore() throws Exception {
    Path large = weights("large.safetensors", 300L << 20);
    Manifest made = manifest("large.safetensors");
    assertThat(differs(made, folder, "v4", "large.safetensors")).isNull();
    // Without a sample, as versions of before have none, the size has to do.
    ObjectNode json = (ObjectNode) made.json();
    ((ObjectNode) json.at("/weights/0")).remove("sample_sha256");
    Manifest old = Manifest.of(json, "old");
    for (long at : new long[] {HEADER - 1, HEADER, (300L << 20) - 1}) {
      poke(large, at);
      assertThat(differs(made, folder, "v4", "large.safetensors"))
          .isEqualTo("large.safetensors has other weights here");
      assertThat(differs(old, folder, "v4", "large.safetensors")).isNull();
      Files.delete(large);
      weights("large.safetensors", 300L << 20);
    }
    // What the database has hashed as it is now is known whole.
    poke(large, 1 << 20);
    assertThat(differs(made, folder, "v4", "large.safetensors")).isNull();
    FileHashes hashes = new FileHashes(database);
    hashes.sha256(large, n -> {});
    RunningModel known = new RunningModel(folder, files(folder, "large.safetensors"), "v4", hashes);
    assertThat(known.differs(made)).contains("other weights");
    assertThat(known.differs(old)).contains("other weights");
  }

  @Test
  void whatCannotBeReadIsNoVersion() throws Exception {
    Manifest made = manifest("a.safetensors", "b.safetensors");
    Path gone = folder.resolve("b.safetensors");
    Files.delete(gone);
    try (Database own = TestDatabases.open(DatabaseKind.SQLITE)) {
      RunningModel model =
          new RunningModel(
              folder, files(folder, "a.safetensors", "b.safetensors"), "v4", new FileHashes(own));
      assertThat(model.differs(made)).contains("cannot be read");
      weights("b.safetensors", 5000);
      assertThat(model.differs(made)).isNull();
    }
  }
}
