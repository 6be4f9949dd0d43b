package io.hadal.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Files of {@code zstd} 1.5.4, named by what is in them and by the level: a request, lines of a log
 * (several blocks; also of unknown length), nothing, one character 300,000 times, and frames of
 * noise, that, and the request behind each other. The hashes are those of what was packed.
 */
class ZstdBodyTest {
  private static final int MOST = 1 << 20;

  private static byte[] file(String name) throws IOException {
    try (var in = Objects.requireNonNull(ZstdBodyTest.class.getResourceAsStream(name + ".zst"))) {
      return in.readAllBytes();
    }
  }

  private static byte[] unpacked(byte[] packed) throws IOException {
    try (ZstdBody in = new ZstdBody(new ByteArrayInputStream(packed))) {
      // Damaged frames may say anything; whoever reads bodies stops as well.
      return in.readNBytes(MOST);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "chat-1, 7d6247faf4614bae0d898c803d3491a607ca5bb7445d347ef5dc10fd66e12bb3",
    "log-19, bfb4934f4fb6e9e08efe2ad77a80552b8f74f6848872cdffcb5147130fdc6ad8",
    "stream-12, bfb4934f4fb6e9e08efe2ad77a80552b8f74f6848872cdffcb5147130fdc6ad8",
    "zeros, d94903eb9a8e4c10e2c0f721887045b1263d756bffa63623252e26e7dc25d957",
    "empty, e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "frames, 7295cd5a8bf0f13d4a0ec4c92e4d1b44e195441b521fc570e6069d8f5db27099"
  })
  void unpacksWhatWasPacked(String name, String hash) throws IOException {
    assertThat(Sha256.hex(unpacked(file(name)))).isEqualTo(hash);
  }

  @Test
  void whatIsNoneIsAnError() throws IOException {
    byte[] whole = file("chat-1");
    for (byte[] none :
        new byte[][] {
          "{\"model\":1}".getBytes(java.nio.charset.StandardCharsets.UTF_8),
          Arrays.copyOf(whole, whole.length - 5),
          Arrays.copyOf(whole, 3),
          // A window of 2 GiB, and a dictionary.
          {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0, (byte) 0xa8, 1, 0, 0},
          {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 1, 0, 7, 1, 0, 0}
        }) {
      assertThatThrownBy(() -> unpacked(none)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void damageIsAnErrorAndNothingElse() throws IOException {
    Random random = new Random(3);
    int refused = 0;
    for (String name : new String[] {"chat-1", "log-19", "zeros"}) {
      byte[] whole = file(name);
      for (int i = 0; i < 300; i++) {
        byte[] damaged = whole.clone();
        // Headers first: there a byte decides more.
        int most = i % 2 == 0 ? Math.min(200, whole.length) : whole.length;
        for (int n = 0; n <= i % 3; n++) {
          damaged[random.nextInt(most)] ^= (byte) (1 << random.nextInt(8));
        }
        try {
          var _ = unpacked(damaged);
        } catch (IOException e) {
          refused++;
        }
      }
    }
    assertThat(refused).isBetween(200, 900);
  }
}
