package io.hadal.cli.explain;

import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.LayerConfig;
import java.io.PrintWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** One JSON document (docs/explain.md), written token by token, one token a line. */
public final class TraceJson implements TraceWriter {
  private static final String FORMAT = "hadal-explain-1";

  private final PrintWriter out;
  private final TraceHeader header;
  private final List<String> channels;
  private boolean first = true;

  public TraceJson(PrintWriter out, TraceHeader header) {
    EngramConfig engram = header.config().engram();
    this.out = out;
    this.header = header;
    this.channels = engram == null ? List.of() : EngramChannels.of(engram).names();
    String start = header().toString();
    out.print(start.substring(0, start.length() - 1));
    out.print(",\"tokens\":[");
  }

  private ObjectNode header() {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("format", FORMAT)
        .put("source", header.source())
        .put("model", header.model())
        .put("family", header.config().family())
        .put("mode", header.mode())
        .put("window", header.config().attention().window())
        .put("streams", header.config().hyper().streams())
        .put("total_tokens", header.tokens())
        .put("shown_tokens", header.shown());
    ArrayNode layers = root.putArray("layers");
    for (int layer : header.layers()) {
      LayerConfig config = header.layer(layer);
      layers
          .addObject()
          .put("layer", layer)
          .put("kind", config.kind())
          .put("ratio", config.ratio())
          .put("index_source", config.indexSource())
          .put("hash_routed", config.hashRouted())
          .put("experts", config.moe().experts())
          .put("active_experts", config.moe().activeExperts())
          .put("engram", header.hasEngram(layer));
    }
    return root;
  }

  @Override
  public void token(TokenTrace token) {
    ObjectNode node = JsonMapper.shared().createObjectNode();
    node.put("position", token.position()).put("id", token.id());
    TokenText text = token.text();
    if (text != null) {
      node.put("text", text.text());
      if (!text.whole()) {
        node.put("bytes", text.hex());
      }
    }
    ArrayNode layers = node.putArray("layers");
    ArrayNode engram = node.putArray("engram");
    for (LayerTrace layer : token.layers()) {
      add(layers.addObject(), layer, token.position());
      float[] gates = layer.gates();
      if (gates != null) {
        addEngram(engram.addObject().put("layer", layer.layer()), gates, layer.channelRms());
      }
    }
    out.println(first ? "" : ",");
    out.print(node);
    first = false;
  }

  private void add(ObjectNode node, LayerTrace layer, int position) {
    node.put("layer", layer.layer());
    ArrayNode experts = node.putArray("experts");
    ArrayNode weights = node.putArray("weights");
    for (int i = 0; i < layer.experts().length; i++) {
      experts.add(layer.experts()[i]);
      weights.add(layer.weights()[i]);
    }
    ObjectNode attended = node.putObject("attended").put("window", header.window(position));
    int[] entries = layer.entries();
    if (header.layer(layer.layer()).ratio() == 0) {
      attended.put("blocks", "none");
    } else {
      attended
          .put("blocks", entries == null ? "all" : "chosen")
          .put("visible", layer.visible())
          .put("count", entries == null ? layer.visible() : entries.length);
    }
    if (entries != null) {
      ArrayNode list = attended.putArray("entries");
      for (int entry : entries) {
        list.add(entry);
      }
    }
  }

  private void addEngram(ObjectNode node, float[] gates, float @Nullable [] rms) {
    ArrayNode list = node.putArray("channels");
    for (int c = 0; c < channels.size(); c++) {
      ObjectNode channel = list.addObject().put("name", channels.get(c));
      if (rms != null) {
        channel.put("rms", rms[c]);
      }
    }
    ArrayNode values = node.putArray("gates");
    for (float gate : gates) {
      values.add(gate);
    }
  }

  @Override
  public void end() {
    out.println();
    out.println("]}");
    out.flush();
  }
}
