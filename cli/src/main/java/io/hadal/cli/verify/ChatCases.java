package io.hadal.cli.verify;

import io.hadal.cli.verify.Golden.Tensors;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Sampler;
import io.hadal.engine.Session;
import io.hadal.model.Model;
import tools.jackson.databind.JsonNode;

/** Rendered conversations: logits behind the prompt and a greedy answer. */
final class ChatCases {
  private static final double LIMIT = 2e-4;

  private final Model model;
  private final Golden golden;
  private final EngineOptions options;
  private final Report report;

  ChatCases(Model model, Golden golden, EngineOptions options, Report report) {
    this.model = model;
    this.golden = golden;
    this.options = options;
    this.report = report;
  }

  void run() {
    JsonNode chats = golden.single() ? null : golden.json("chat");
    Tensors t = golden.single() ? null : golden.tensors("chat");
    if (chats == null || t == null) {
      return;
    }
    int longest = 1;
    for (JsonNode chat : chats) {
      longest = Math.max(longest, chat.path("token_ids").size() + chat.path("greedy").size());
    }
    try (Engine engine = new Engine(model, options.withContext(longest + 1))) {
      for (JsonNode chat : chats) {
        String name = chat.path("vector").asString();
        if (!chat.path("images").isEmpty()) {
          report.info("chat " + name, "skipped: holds images");
          continue;
        }
        answer(engine, t, name, chat);
      }
    }
  }

  private void answer(Engine engine, Tensors t, String name, JsonNode chat) {
    try (Session session = engine.newSession()) {
      session.append(Golden.ints(chat.path("token_ids")));
      double max = Distance.max(session.logits(), t.floats("last_logits." + name));
      int[] greedy = Golden.ints(chat.path("greedy"));
      int same = 0;
      for (int token : greedy) {
        if (Sampler.argmax(session.logits()) != token) {
          break;
        }
        same++;
        session.append(token);
      }
      report.add(
          "chat " + name,
          max,
          LIMIT,
          same == greedy.length,
          "tokens " + same + "/" + greedy.length);
    }
  }
}
