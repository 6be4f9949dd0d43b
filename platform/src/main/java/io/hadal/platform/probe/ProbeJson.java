package io.hadal.platform.probe;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON that a model has written, which may be none. */
final class ProbeJson {
  private ProbeJson() {}

  /** The value; a missing one when it is no JSON. */
  static JsonNode parse(String text) {
    try {
      return Json.parse(text.getBytes(StandardCharsets.UTF_8), "answer");
    } catch (FormatException e) {
      return JsonMapper.shared().missingNode();
    }
  }
}
