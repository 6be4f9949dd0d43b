package io.hadal.platform.probe;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The tool that probes offer. */
final class ProbeTool {
  static final String NAME = "get_weather";

  private ProbeTool() {}

  static void add(ObjectNode body, boolean strict) {
    ObjectNode function =
        body.putArray("tools").addObject().put("type", "function").putObject("function");
    function.put("name", NAME).put("description", "The weather in a city now.");
    if (strict) {
      function.put("strict", true);
    }
    ObjectNode schema = function.putObject("parameters").put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    properties.putObject("city").put("type", "string").putArray("enum").add("Paris").add("Rome");
    properties
        .putObject("unit")
        .put("type", "string")
        .putArray("enum")
        .add("celsius")
        .add("fahrenheit");
    schema.putArray("required").add("city").add("unit");
    schema.put("additionalProperties", false);
  }

  /** Calls whose arguments are as the tool wants them; -1 when one is not. */
  static int validCalls(ProbeClient.Reply reply) {
    int calls = 0;
    for (JsonNode call : reply.message().path("tool_calls")) {
      JsonNode arguments = ProbeJson.parse(call.at("/function/arguments").asString(""));
      String city = arguments.path("city").asString("");
      String unit = arguments.path("unit").asString("");
      if (!call.at("/function/name").asString("").equals(NAME)
          || arguments.size() != 2
          || !(city.equals("Paris") || city.equals("Rome"))
          || !(unit.equals("celsius") || unit.equals("fahrenheit"))
          || call.path("id").asString("").isEmpty()) {
        return -1;
      }
      calls++;
    }
    return calls;
  }
}
