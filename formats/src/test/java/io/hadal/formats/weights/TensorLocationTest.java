package io.hadal.formats.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bytes at a tensor's location are those of its view. */
class TensorLocationTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "units.safetensors",
        "corpus/tiny.safetensors",
        "corpus/sharded",
        "ds4-subset.gguf",
        "q4km-subset.gguf"
      })
  void pointsAtTheBytesOfTheView(String name) throws IOException {
    try (TensorStore store = Checkpoints.open(Resources.path(name))) {
      assertThat(store.names()).isNotEmpty();
      for (String tensor : store.names()) {
        TensorLocation location = store.fileOf(tensor);
        byte[] file = Files.readAllBytes(location.file());
        byte[] view = store.get(tensor).data().toArray(ValueLayout.JAVA_BYTE);
        int from = Math.toIntExact(location.offset());
        assertThat(location.bytes()).isEqualTo(view.length);
        assertThat(Arrays.copyOfRange(file, from, from + view.length)).containsExactly(view);
        assertThat(store.files()).contains(location.file());
      }
      assertThatThrownBy(() -> store.fileOf("nothing"))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("nothing");
    }
  }
}
