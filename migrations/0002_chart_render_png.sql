-- A file that somebody shows is found by its own hash, without decoding it.
CREATE INDEX IF NOT EXISTS chart_render_png_sha256_idx ON chart_render (png_sha256);
