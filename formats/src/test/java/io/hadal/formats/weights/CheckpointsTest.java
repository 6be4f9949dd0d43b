package io.hadal.formats.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointsTest {
  @TempDir Path folder;

  @Test
  void contentDecidesNotTheName() throws IOException {
    Path gguf = Files.copy(Resources.path("corpus/tiny-v3.gguf"), folder.resolve("a.bin"));
    Path safetensors = Files.copy(Resources.path("corpus/tiny.safetensors"), folder.resolve("b"));
    Path misnamed = Files.copy(gguf, folder.resolve("c.safetensors"));
    try (TensorStore a = Checkpoints.open(gguf);
        TensorStore b = Checkpoints.open(safetensors);
        TensorStore c = Checkpoints.open(misnamed)) {
      assertThat(a).isInstanceOf(Gguf.class);
      assertThat(b).isInstanceOf(Safetensors.class);
      assertThat(c).isInstanceOf(Gguf.class);
    }
  }

  @Test
  void opensFolders() throws IOException {
    try (TensorStore store = Checkpoints.open(Resources.path("corpus/sharded"))) {
      assertThat(store).isInstanceOf(Safetensors.class);
      assertThat(store.source()).isEqualTo(Resources.path("corpus/sharded"));
    }
    for (String part : List.of("split-00001-of-00002.gguf", "split-00002-of-00002.gguf")) {
      Files.copy(Resources.path("corpus/" + part), folder.resolve(part));
    }
    try (TensorStore store = Checkpoints.open(folder)) {
      assertThat(store.names()).containsExactly("t0", "t1");
    }
    Files.copy(Resources.path("corpus/tiny-v2.gguf"), folder.resolve("x.gguf"));
    assertThatThrownBy(() -> Checkpoints.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("holds 2 GGUF models")
        .hasMessageContaining("x.gguf");
  }

  @Test
  void wrongPathsSayWhatIsExpected() throws IOException {
    Path text = Files.writeString(folder.resolve("notes.txt"), "nothing of use");
    Path empty = Files.createDirectory(folder.resolve("empty"));
    for (Path path : List.of(text, empty, folder.resolve("absent"))) {
      assertThatThrownBy(() -> Checkpoints.open(path))
          .isInstanceOf(FormatException.class)
          .hasMessageStartingWith(path.toString())
          .hasMessageContaining("expected a folder with config.json and *.safetensors, or a .gguf");
    }
    Path pickle = Files.writeString(folder.resolve("pytorch_model.bin"), "PK\3\4and more");
    assertThatThrownBy(() -> Checkpoints.open(pickle)).hasMessageContaining("pickled PyTorch");
    Path pointer = Files.writeString(folder.resolve("m.gguf"), "version https://git-lfs.x/v1\n");
    assertThatThrownBy(() -> Checkpoints.open(pointer)).hasMessageContaining("git lfs pull");
    Path cut = Files.writeString(folder.resolve("cut.gguf"), "GG");
    assertThatThrownBy(() -> Checkpoints.open(cut)).hasMessageContaining("truncated");
  }
}
