use super::*;
use crate::fault::Code;

#[test]
fn smoke() {
    for name in Rulebook::preset_names() {
        let rules = Rulebook::preset(name).unwrap_or_else(|e| panic!("{e}"));
        println!("{}", rules.canonical());
        println!("{}", rules.to_toml());
    }
    println!("{}", Rulebook::json_schema());
    for f in Rulebook::fields() {
        println!("{f:?} {:?}", f.rules().map(|r| r.id()).collect::<Vec<_>>());
    }
    let bad = "nme = 3\n[venue]\nsettlement = \"USD\"\nfees = { standard = {maker=\"-1%\"} }\n[asset.USD]\neligible=false\n[instrument.A]\ntick=0\nlot=0.1\ntiers=[[1,\"2%\",100],[\"rest\",1,0.5],[3]]\n";
    println!("{}", Rulebook::parse(bad, "bad.toml").unwrap_err());
    let _ = Code::Internal;
}
