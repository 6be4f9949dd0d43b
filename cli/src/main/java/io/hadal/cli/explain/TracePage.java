package io.hadal.cli.explain;

import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.LayerConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One HTML page that needs nothing else: the text with a heat map and the details of a chosen
 * token. Its policy lets no script run but its own and no request go out, whatever a text holds.
 */
public final class TracePage implements TraceWriter {
  /** Tokens whose figures stand in one block. */
  private static final int BLOCK = 64;

  private final Writer out;
  private final TraceHeader header;
  private final String script = resource("page.js");
  private ArrayNode block = JsonMapper.shared().createArrayNode();

  public TracePage(Writer out, TraceHeader header) throws IOException {
    this.out = out;
    this.header = header;
    String style = resource("page.css");
    String title = TokenText.html(header.source());
    out.write(
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '%s'; script-src '%s'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>%s – hadal explain</title>
        <style>%s</style>
        </head>
        <body>
        <header>
        <h1>%s</h1>
        <p>%s of %s tokens · %s (%s) · mode %s</p>
        </header>
        <noscript><p class="note">The heat map needs scripts; the text below is complete without.</p></noscript>
        <form id="controls" hidden>
        <label>Colour <select id="quantity"></select></label>
        <label id="layer-label">Layer <select id="layer"></select></label>
        <label id="part-label"><span id="part-name"></span> <select id="part"></select></label>
        <div id="legend"></div>
        </form>
        <main>
        <pre id="text" tabindex="0" aria-label="Tokens; arrow keys move the choice">"""
            .formatted(
                digest(style),
                digest(script),
                title,
                style,
                title,
                header.shown(),
                header.tokens(),
                TokenText.html(header.model()),
                TokenText.html(header.config().family()),
                TokenText.html(header.mode())));
  }

  /** The page's own style or script, exactly as it is inserted. */
  private static String resource(String name) {
    try (InputStream in = TracePage.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing from this build");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
    } catch (IOException e) {
      throw new IllegalStateException(name + " cannot be read", e);
    }
  }

  private static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  @Override
  public void token(TokenTrace token) throws IOException {
    TokenText text = token.text();
    out.write("<span class=\"t\">");
    out.write(text == null ? "<i>" + token.id() + "</i> " : text.html());
    out.write("</span>");
    ArrayNode layers = block.addArray().add(token.id()).addArray();
    for (int i = 0; i < token.layers().size(); i++) {
      add(layers.addArray(), token.layers(), i);
    }
    if (block.size() == BLOCK) {
      writeBlock();
    }
  }

  private void writeBlock() throws IOException {
    if (!block.isEmpty()) {
      data("class=\"d\"", block.toString());
      block = JsonMapper.shared().createArrayNode();
    }
  }

  private void data(String attribute, String json) throws IOException {
    out.write("<script type=\"application/json\" " + attribute + ">");
    out.write(json.replace("<", "\\u003c"));
    out.write("</script>");
  }

  /** Experts, weights, visible entries, chosen entries, gates, RMS of channels. */
  private static void add(ArrayNode node, List<LayerTrace> layers, int i) {
    LayerTrace layer = layers.get(i);
    ArrayNode experts = node.addArray();
    for (int expert : layer.experts()) {
      experts.add(expert);
    }
    add(node.addArray(), layer.weights());
    node.add(layer.visible());
    entries(node, layers, i);
    if (layer.gates() != null) {
      add(node.addArray(), layer.gates());
      add(node.addArray(), layer.channelRms() == null ? new float[0] : layer.channelRms());
    }
  }

  /** Ranges, or the number of an earlier layer in the list with the same choice. */
  private static void entries(ArrayNode node, List<LayerTrace> layers, int i) {
    int[] own = layers.get(i).entries();
    if (own == null) {
      node.addNull();
      return;
    }
    for (int j = i - 1; j >= 0 && own.length > 0; j--) {
      if (Arrays.equals(layers.get(j).entries(), own)) {
        node.add(j);
        return;
      }
    }
    node.add(EntryRanges.of(own, ","));
  }

  private static void add(ArrayNode node, float[] values) {
    for (float value : values) {
      // Enough digits for colours and for the details.
      node.add(Float.isFinite(value) ? Math.round(value * 1e5) / 1e5 : 0);
    }
  }

  @Override
  public void end() throws IOException {
    writeBlock();
    out.write("</pre>\n<aside id=\"details\" hidden></aside>\n</main>\n");
    data("id=\"info\"", info().toString());
    out.write("\n<script>" + script + "</script>\n</body>\n</html>\n");
  }

  private ObjectNode info() {
    ObjectNode info = JsonMapper.shared().createObjectNode();
    EngramConfig engram = header.config().engram();
    info.put("window", header.config().attention().window());
    info.put("streams", header.config().hyper().streams());
    ArrayNode channels = info.putArray("channels");
    if (engram != null) {
      EngramChannels.of(engram).names().forEach(channels::add);
    }
    ArrayNode layers = info.putArray("layers");
    for (int layer : header.layers()) {
      LayerConfig config = header.layer(layer);
      layers
          .addObject()
          .put("layer", layer)
          .put("kind", config.kind())
          .put("ratio", config.ratio())
          .put("experts", config.moe().experts())
          .put("engram", header.hasEngram(layer));
    }
    return info;
  }
}
