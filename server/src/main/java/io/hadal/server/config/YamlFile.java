package io.hadal.server.config;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Files in YAML (or JSON, which YAML includes) that people write. */
public final class YamlFile {
  /** Longest file; a longer one is none that people write. */
  public static final int MOST_BYTES = 1 << 20;

  /** A field that is there twice would hide what the first one says. */
  private static final YAMLMapper MAPPER =
      new YAMLMapper(
          YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());

  private YamlFile() {}

  /**
   * The first document of a file; a missing node for an empty one.
   *
   * @throws FormatException when it is longer than 1 MiB, no UTF-8 text, no YAML, or cannot be read
   */
  public static JsonNode read(Path file) {
    String source = file.toString();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new FormatException(source, "is longer than " + MOST_BYTES + " bytes");
      }
      return MAPPER.readTree(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (NoSuchFileException e) {
      throw new FormatException(source, "no such file", e);
    } catch (CharacterCodingException e) {
      throw new FormatException(source, "is no UTF-8 text", e);
    } catch (IOException e) {
      throw new FormatException(source, "cannot be read: " + e.getMessage(), e);
    } catch (JacksonException e) {
      throw new FormatException(source, "is no YAML: " + reason(e), e);
    }
  }

  /** The scanner's own words have the line, others have not. */
  private static String reason(JacksonException e) {
    String words = e.getOriginalMessage();
    return words.contains(" line ") ? words : Json.reason(e);
  }
}
