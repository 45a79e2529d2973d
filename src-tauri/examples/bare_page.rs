//! A window with next to nothing in it: what the web view itself takes. Measured beside the real one
//! by `cargo xtask bench window`.

fn main() -> tauri::Result<()> {
    tauri::Builder::default()
        .setup(|app| {
            let page = tauri::WebviewUrl::App("icon.svg".into());
            tauri::WebviewWindowBuilder::new(app, "bare", page).inner_size(1280.0, 800.0).build()?;
            Ok(())
        })
        .run(tauri::generate_context!())
}
